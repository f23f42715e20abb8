# A bank's scores quarter by quarter; contracts nobody here passed.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mitigation_fund', '0002_lending'),
    ]

    operations = [
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quarter', models.CharField(max_length=6)),
                ('score', models.DecimalField(decimal_places=2, max_digits=5)),
                ('remarks', models.CharField(blank=True, default='', max_length=500)),
                ('by', models.CharField(max_length=100)),
                ('at', models.DateTimeField()),
                ('agreement', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='mitigation_fund.agreement')),
            ],
            options={
                'indexes': [models.Index(fields=['agreement', 'quarter'], name='mf_score_quarter')],
                'constraints': [models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 100)), name='mf_score')],
            },
        ),
        migrations.CreateModel(
            name='UnknownLoan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contract_no', models.CharField(max_length=60)),
                ('disbursed', models.BigIntegerField()),
                ('repaid', models.BigIntegerField(default=0)),
                ('firm', models.CharField(blank=True, default='', max_length=100)),
                ('msg_id', models.CharField(blank=True, default='', max_length=80)),
                ('at', models.DateTimeField()),
                ('agreement', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='unknown_loans', to='mitigation_fund.agreement')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agreement', 'contract_no'), name='mf_unknown_once'), models.CheckConstraint(condition=models.Q(('disbursed__gt', 0), ('repaid__gte', 0)), name='mf_unknown_amount')],
            },
        ),
    ]
