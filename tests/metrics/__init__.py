"""Metrics of the business."""
