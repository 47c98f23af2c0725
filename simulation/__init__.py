"""A town that lives months in minutes: `gencharge simulate`.

People sign up, perhaps with a friend's code, put money into their wallets, recharge for themselves and for others, by hand and
by autopay, with offers and without, are refused, refunded, blocked, and leave; operators and the gateway lose answers, refuse, and say things twice. All of it happens by the services that the API
and the worker call, on real stores, with the clock held at the instant of each act. At the end the books must be true by
every check that the product has, and by a second set of books that the simulation kept by itself (`notebook`).

Who does what and when follows from the seed: the same seed gives the same life. `people` are the customers, `acts` what
they and the staff do, `trouble` what goes wrong outside, `crashes` what goes wrong inside, `town` the order of it all,
`inspection` the checks at the end. `bargains` and `counter` are the offers, `invitations` the referrals, `standing` the autopays,
`workers` what a worker does.
"""
