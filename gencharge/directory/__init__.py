"""The directory: whose phone number and whose e-mail address is it? One owner each, over users and admins.

Owned tables are to be sharded by `user_id`, where a unique phone number can't be promised; so it is promised
here, in small tables whose own key is the number or the address.
"""
