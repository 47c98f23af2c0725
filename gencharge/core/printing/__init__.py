"""What documents are printed with."""
