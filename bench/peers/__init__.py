"""What the portal is compared with: small, and set up as one would set it up to serve people."""
