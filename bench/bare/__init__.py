"""What bench/bare_driver.py is made of."""
