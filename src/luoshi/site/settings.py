"""Django's settings; what a site may change is in `luoshi.site.environment`."""

import datetime
from pathlib import Path

from csp.constants import NONE, SELF

from luoshi.site import environment
from luoshi.site.registry import PROGRAMMES

_ENV = environment.read()

DATA_DIR = _ENV["LUOSHI_DATA"].resolve()
DEBUG = _ENV["LUOSHI_DEBUG"]
DEMO = _ENV["LUOSHI_DEMO"]
OPERATOR = _ENV["LUOSHI_OPERATOR"]
JOBS = _ENV["LUOSHI_JOBS"]
SECRET_KEY = environment.secret_key(_ENV["LUOSHI_SECRET_KEY"], DATA_DIR)
ALLOWED_HOSTS = _ENV["LUOSHI_HOSTS"]
CSRF_TRUSTED_ORIGINS = _ENV["LUOSHI_ORIGINS"]
SMTP_URL = _ENV["LUOSHI_SMTP_URL"]
MAIL_FROM = _ENV["LUOSHI_MAIL_FROM"]
SMS_URL = _ENV["LUOSHI_SMS_URL"]
SMS_KEY = _ENV["LUOSHI_SMS_KEY"]

DATA_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {"default": environment.databases(_ENV["LUOSHI_DATABASE_URL"], DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "django_htmx",
    "csp",
    "ninja",
    "luoshi.office.audit",
    "luoshi.office.accounts",
    "luoshi.office.jobs",
    "luoshi.office.files",
    "luoshi.office.messages",
    "luoshi.office.parameters",
    "luoshi.office.organs",
    "luoshi.office.instruments",
    "luoshi.office.duties",
    "luoshi.office.calendar",
    "luoshi.office.cases",
    "luoshi.office.notices",
    "luoshi.office.registers",
    "luoshi.office.indicators",
    "luoshi.office.funds",
    *PROGRAMMES,
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
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "luoshi.site.access.Access",
    "luoshi.site.repetition.Repetition",
    "luoshi.site.middleware.Refusals",
    "axes.middleware.AxesMiddleware",
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

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/login/"
# Five wrong passwords for one login from one address close it for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = datetime.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "ls_session"
# Behind HTTPS the cookies never travel without it.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(CSRF_TRUSTED_ORIGINS) and all(
    origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS
)

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
