"""What the portal is compared with: small servers, configured as for production."""
