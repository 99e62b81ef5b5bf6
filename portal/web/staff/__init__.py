"""The pages of staff, in Swedish; ``portal.web`` lists its modules."""
