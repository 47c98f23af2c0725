"""What customers allow us to charge without a checkout."""
