"""Events, topics, channel profiles, reply rules and configuration that every service shares."""
