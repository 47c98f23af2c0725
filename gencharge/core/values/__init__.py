"""Values of the domain that know nothing else: money, phone numbers, text, ids, time."""
