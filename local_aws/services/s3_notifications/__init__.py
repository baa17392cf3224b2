"""S3 event notifications: moto keeps the configurations, the delivery queue and the event bus deliver."""
