"""Messages to people's phones and mailboxes."""
