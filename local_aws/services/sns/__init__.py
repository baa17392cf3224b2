"""SNS: moto keeps topics and subscriptions; messages are delivered by the delivery queue, mail goes to the outbox."""
