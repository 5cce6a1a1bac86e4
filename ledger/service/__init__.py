"""The use cases: what each command does, in a few lines. Files and the database on one side, the pure core on the other.

Every function takes the `Store` first. Those that write take the actor and answer only after the database has committed.

A use case is imported when it is first asked for, from where `__init__.pyi` says that it is: a command needs two or three of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
