"""Personal data and secrets, encrypted at rest.

Each value is encrypted (AES-256-GCM) with a data key. Data keys lie in the table `data_keys`, wrapped by a key derived from
DATA_KEY. What is encrypted names its data key, and is bound to its table, column and row.

    tokens      the form of an encrypted value
    master      wraps and unwraps data keys
    columns     the types of encrypted columns
    vault       encrypts and decrypts for one process
    rotation    encrypts again what is in clear or under an old key
"""
