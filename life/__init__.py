"""Three months in the life of the sample customers, which `make run` begins with.

    steps      the kinds of things that can happen
    routine    what everybody does again and again      script     all that happens, when and to whom: data, by a seed
    beginning  puts the sample data into a database, and says whether a life is to be lived there
    driver     makes it happen: holds the clock at each instant and calls the services that the API calls
    world      the stores, the gateway, the operators   customers, staff   what people do

Money, notices and audit entries come out of the real services and the real relay, so they are true by construction. The
gateway and the operators are a sandbox in this process, whose state the sandbox that is started later goes on with.
"""
