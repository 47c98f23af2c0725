"""What a room plugs in: checks, personal data, snapshots."""
