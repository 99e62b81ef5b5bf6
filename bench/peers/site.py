"""Django with LocaleMiddleware and i18n_patterns; with BENCH_CACHE also its page cache."""

import os
from pathlib import Path

import django
from django.conf import settings

FOLDER = Path(os.environ["BENCH_FOLDER"])
CACHED = bool(os.environ.get("BENCH_CACHE"))
BEFORE = ["django.middleware.cache.UpdateCacheMiddleware"] if CACHED else []
AFTER = ["django.middleware.cache.FetchFromCacheMiddleware"] if CACHED else []

settings.configure(
    DEBUG=False,
    SECRET_KEY="k" * 50,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[],
    MIDDLEWARE=[
        *BEFORE,
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        *AFTER,
    ],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    USE_I18N=True,
    LANGUAGE_CODE="sv",
    LANGUAGES=[("sv", "Svenska"), ("en", "English"), ("ar", "العربية")],
    LOCALE_PATHS=[FOLDER / "locale"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [FOLDER],
            "OPTIONS": {"context_processors": ["django.template.context_processors.i18n"]},
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BENCH_DATABASE"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django import forms  # noqa: E402
from django.conf.urls.i18n import i18n_patterns  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402


class Message(models.Model):
    """A message from the public."""

    email = models.TextField()
    text = models.TextField()

    class Meta:
        app_label = "site"


class ContactForm(forms.Form):
    message = forms.CharField(max_length=5000)
    email = forms.EmailField(required=False)


def contact(request: HttpRequest) -> HttpResponse:
    """Show the page, or store what was sent from it."""
    if request.method == "POST":
        form = ContactForm(request.POST)
        if form.is_valid():
            with transaction.atomic():
                Message.objects.create(
                    text=form.cleaned_data["message"], email=form.cleaned_data["email"]
                )
            return HttpResponseRedirect("/sv/arende/1", status=303)
    return render(request, "page.django")


urlpatterns = i18n_patterns(path("kontakt", contact))
with connection.schema_editor() as editor:
    if Message._meta.db_table not in connection.introspection.table_names():
        editor.create_model(Message)
connection.close()
application = get_wsgi_application()
