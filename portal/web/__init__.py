"""What speaks HTTP.

Its modules, in the order in which they may import:

    headers               security headers, values of Cache-Control
    resources             representations of pages and files, ready to be sent
    assets                style sheets, scripts and images, under names that carry their hash
    health                whether the portal is alive and ready
    form_data             parses a posted body into fields
    forms                 the forms of the public, checked; their words are in templates
    public.page_coverage  how much of each page is translated
    public.pages          the table of public pages, and how one is rendered
    public.machine_files  robots.txt, sitemap.xml, security.txt
    public.errors         the error pages of all languages
    edition               all pages of one state of the catalogs, replaced as a whole
    requests              the request that an endpoint gets, and the route to an endpoint
    public.posting        what all forms that the public sends have in common
    public.contact        the contact form is shown, shown again or accepted
    public.case           one case: its state, its thread, and a form to write more
    public.finder         leads to a case by its reference and code
    public.refusals       a refused form is shown again with all that was typed
    staff.access          who is signed in, and how a page of staff is made
    staff.sign_in         signing in and out, the second factor
    staff.account         one's own account: sessions, another password, recovery codes
    staff.inbox           views, filters, a search; what is done with several cases at once
    staff.figures         how the work is going, in figures
    staff.secrecy         what in a guardian's text may fall under secrecy
    staff.answer_form     the form in which an answer is written in two languages
    staff.case_page       the page of one case: its thread, its history, its forms
    staff.case            what is done with one case: steps, notes, answers
    staff.routes          the table of routes below /inbox
    reload                a new edition when a catalog is saved, or telephone hours begin or end
    guard                 checks every request, turns errors into pages
    protocol              uvicorn's protocol with deadlines and limits
    fast_path             writes ready responses without the application
    app                   the table of routes; everything is put together here
"""
