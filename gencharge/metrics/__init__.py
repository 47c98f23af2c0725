"""What Prometheus is told of the business and of the queues."""
