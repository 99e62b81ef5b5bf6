"""What translators run.

Its modules, in the order in which they may import:

    merging   update the catalogs after the Swedish texts have changed
    examples  every state of a page, with example values
    pseudo    languages that nobody speaks, to find what was forgotten
    reports   faults, coverage and changes, in words
    preview   every page with its texts numbered
"""
