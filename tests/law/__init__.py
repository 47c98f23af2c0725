"""The law of the house: what a newcomer would get wrong, each rule with a message that says what to do."""
