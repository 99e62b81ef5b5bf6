"""What the portal costs beside other servers: run by ``python3 dev.py bench``."""
