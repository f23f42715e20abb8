from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('instruments', '0004_titles'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='instrument',
            index=models.Index(condition=models.Q(('is_current', True)), fields=['-duty_count', '-id'], name='instrument_duties'),
        ),
    ]
