"""GenCharge: a mobile recharge and telecom wallet platform for India."""

__version__ = "0.1.0"
