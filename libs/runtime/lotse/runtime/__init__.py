"""Folds, outbox, timers and effects: the one place that knows both Kafka and transactions."""
