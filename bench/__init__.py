"""What the portal costs, compared with other servers: run by ``python3 dev.py bench``."""
