"""What a room plugs in: checks, personal data, snapshots, and what an application holds."""
