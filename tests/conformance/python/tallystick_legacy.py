"""Lets packages of 2016 to 2019 run on a current Python. Imported when the interpreter starts.

Python 3.10 removed the names of `collections.abc` from `collections`, where these packages look.
"""

import collections
import collections.abc

for _name in collections.abc.__all__:
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))
