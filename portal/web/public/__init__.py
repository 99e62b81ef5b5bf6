"""The public pages; ``portal.web`` lists its modules."""
