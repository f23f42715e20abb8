"""Django's settings; what a site may change is in `luoshi.site.environment`."""

from pathlib import Path

from csp.constants import NONE, SELF

from luoshi.site import environment

_ENV = environment.read()

DATA_DIR = _ENV["LUOSHI_DATA"].resolve()
DEBUG = _ENV["LUOSHI_DEBUG"]
DEMO = _ENV["LUOSHI_DEMO"]
OPERATOR = _ENV["LUOSHI_OPERATOR"]
JOBS = _ENV["LUOSHI_JOBS"]
SECRET_KEY = environment.secret_key(_ENV["LUOSHI_SECRET_KEY"], DATA_DIR)
ALLOWED_HOSTS = _ENV["LUOSHI_HOSTS"]
CSRF_TRUSTED_ORIGINS = _ENV["LUOSHI_ORIGINS"]

DATA_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": environment.databases(_ENV["LUOSHI_DATABASE_URL"], DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "ninja",
    "luoshi.office.audit",
    "luoshi.office.jobs",
    "luoshi.office.instruments",
    "luoshi.office.duties",
    "luoshi.site",
]

MIDDLEWARE = [
    "luoshi.site.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "luoshi.site.middleware.Language",
    "luoshi.site.middleware.Readable",
    "luoshi.site.middleware.ApiGuard",
    "luoshi.site.middleware.UploadBound",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "luoshi.site.middleware.Refusals",
]

ROOT_URLCONF = "luoshi.site.urls"
WSGI_APPLICATION = "luoshi.site.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "luoshi.site.context.shell",
            ]
        },
    }
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [str(Path(__file__).parent / "locale")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 86400

UPLOAD_BYTES = _ENV["LUOSHI_UPLOAD_MB"] * 1024 * 1024
# A little above the bound of one file: room for the other fields of the same form.
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_BYTES + 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "luoshi.site.errors.csrf_failure"

SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO" if DEBUG else "WARNING"},
    "loggers": {"luoshi": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
