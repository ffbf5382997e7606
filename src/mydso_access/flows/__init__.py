"""The order of I/O and nothing else: load, decide, save. Each flow is written once, for both doors."""
