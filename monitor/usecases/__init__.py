"""What the service does for its users: one function or one small class a task, on ports and the store."""
