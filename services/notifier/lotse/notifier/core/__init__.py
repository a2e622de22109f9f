"""What notifier decides, without any I/O."""
