"""What the portal costs, beside what others cost: run by ``python3 dev.py bench``."""
