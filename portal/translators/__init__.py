"""What translators run.

Its modules, in the order in which they may import:

    merging   update the catalogs after the Swedish texts have changed; add a language
    review    what is wrong with a catalog; how a Swedish text has changed
    examples  every state of a page, with example values
    pseudo    pseudo-languages, which reveal untranslatable texts and narrow layouts
    reports   faults, coverage and changes, as text or JSON
    preview   every page with its texts numbered
"""
