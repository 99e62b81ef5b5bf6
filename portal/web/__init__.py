"""What speaks HTTP.

Its modules, in the order in which they may import:

    resources       representations of pages and files, ready to be sent
    assets          style sheets, scripts and images, under names that carry their hash
    form_data       a posted body becomes fields
    forms           fields become a form, or a list of problems
    public.pages    the table of public pages, and how they are rendered
    public.errors   the error pages of all languages
    edition         all pages of one state of the catalogs, replaced as a whole
    public.contact  the contact form is shown, refused or accepted
    public.case     the receipt of one message
    guard           what holds for every request and every response
    protocol        deadlines below the application, and responses that are ready
    reload          a saved catalog becomes a new edition
    app             the table of routes; everything is put together here
"""
