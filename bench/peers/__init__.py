"""What the portal is compared with: small sites, configured as for production."""
