"""What a warm interpreter consists of; see warm_host.py."""
