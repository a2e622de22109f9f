"""The whole stack on one machine: engines, services, the providers' stand-in and the play."""
