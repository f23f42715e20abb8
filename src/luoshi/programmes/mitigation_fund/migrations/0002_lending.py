# Registers, applications and loans; the bank's organ and review, the case of a claim.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_lists'),
        ('funds', '0001_initial'),
        ('mitigation_fund', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Firm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('credit_code', models.CharField(max_length=18, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('address', models.CharField(blank=True, default='', max_length=200)),
                ('town', models.CharField(max_length=80)),
                ('sme', models.BooleanField(blank=True, null=True)),
                ('legal_person', models.CharField(blank=True, default='', max_length=40)),
            ],
            options={
                'indexes': [models.Index(fields=['name'], name='mf_firm_name')],
            },
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='listings', to='mitigation_fund.firm')),
                ('board', models.CharField(choices=[('NEEQ', '新三板'), ('QILU', '齐鲁股权交易中心'), ('BLUE_OCEAN', '青岛蓝海股权交易中心')], max_length=12)),
                ('code', models.CharField(max_length=20)),
                ('listed_on', models.DateField()),
                ('delisted_on', models.DateField(blank=True, null=True)),
                ('proof', models.CharField(blank=True, default='', max_length=200)),
                ('checked_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('firm', 'board', 'listed_on'), name='mf_listing'), models.UniqueConstraint(condition=models.Q(('delisted_on__isnull', True), ('ended_on__isnull', True), ('void', False)), fields=('firm', 'board'), name='mf_listing_open'), models.CheckConstraint(condition=models.Q(('delisted_on__isnull', True), ('delisted_on__gte', models.F('listed_on')), _connector='OR'), name='mf_listing_days')],
            },
        ),
        migrations.CreateModel(
            name='Window',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('code', models.CharField(max_length=20, unique=True)),
                ('opens_on', models.DateField()),
                ('closes_on', models.DateField()),
                ('note', models.CharField(blank=True, default='', max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('closes_on__gte', models.F('opens_on'))), name='mf_window_days')],
            },
        ),
        migrations.CreateModel(
            name='Benchmark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('series', models.CharField(choices=[('LOAN_1Y', '一年期贷款基准利率'), ('LPR_1Y', '一年期贷款市场报价利率')], max_length=10)),
                ('day', models.DateField()),
                ('rate', models.DecimalField(decimal_places=4, max_digits=7)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('series', 'day'), name='mf_benchmark'), models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='mf_benchmark_rate')],
            },
        ),
        migrations.CreateModel(
            name='MonthlyReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('bank', models.CharField(max_length=80)),
                ('month', models.DateField()),
                ('contract_no', models.CharField(max_length=60)),
                ('outstanding', models.BigIntegerField()),
                ('interest_paid', models.BooleanField(default=True)),
                ('money_use', models.CharField(blank=True, default='', max_length=200)),
                ('business', models.CharField(blank=True, default='', max_length=300)),
                ('loan_class', models.CharField(choices=[('normal', '正常'), ('special', '关注'), ('substandard', '次级'), ('doubtful', '可疑'), ('loss', '损失')], default='normal', max_length=12)),
                ('remark', models.CharField(blank=True, default='', max_length=300)),
                ('received_on', models.DateField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['month', 'bank'], name='mf_report_month')],
                'constraints': [models.UniqueConstraint(fields=('bank', 'month', 'contract_no'), name='mf_report'), models.CheckConstraint(condition=models.Q(('outstanding__gte', 0), ('outstanding__lte', 1000000000000000)), name='mf_report_outstanding')],
            },
        ),
        migrations.AddField(
            model_name='agreement',
            name='organ',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        migrations.AddField(
            model_name='agreement',
            name='score',
            field=models.DecimalField(decimal_places=2, max_digits=5, null=True),
        ),
        migrations.AddField(
            model_name='agreement',
            name='scored_on',
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name='agreement',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('organ', ''), _negated=True), ('ended_on__isnull', True)), fields=('organ',), name='mf_agreement_one'),
        ),
        migrations.AddField(
            model_name='claim',
            name='case',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case', to_field='number'),
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case', to_field='number')),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='mitigation_fund.agreement')),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='mitigation_fund.firm')),
                ('amount', models.BigIntegerField()),
                ('purpose', models.CharField(max_length=300)),
                ('filed_on', models.DateField()),
                ('approved', models.BigIntegerField(null=True)),
                ('passed_at', models.DateTimeField(null=True)),
                ('rejected', models.BooleanField(default=False)),
                ('live', models.BooleanField(default=True)),
            ],
            options={
                'indexes': [models.Index(fields=['agreement', 'live'], name='mf_application_live'), models.Index(fields=['-filed_on', '-id'], name='mf_application_newest'), models.Index(fields=['firm', '-id'], name='mf_application_firm')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('live', True)), fields=('firm',), name='mf_application_one'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='mf_application_amount'), models.CheckConstraint(condition=models.Q(('approved__isnull', True), models.Q(('approved__gt', 0), ('approved__lte', models.F('amount')), ('passed_at__isnull', False)), _connector='OR'), name='mf_application_approved')],
            },
        ),
        migrations.CreateModel(
            name='Loan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='loan', to='mitigation_fund.application')),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='loans', to='mitigation_fund.agreement')),
                ('firm', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='loans', to='mitigation_fund.firm')),
                ('contract_no', models.CharField(max_length=60)),
                ('approved', models.BigIntegerField()),
                ('disbursed', models.BigIntegerField(null=True)),
                ('outstanding', models.BigIntegerField(default=0)),
                ('interest_owed', models.BooleanField(default=False)),
                ('rate', models.DecimalField(decimal_places=4, max_digits=7)),
                ('start', models.DateField()),
                ('end', models.DateField()),
                ('disbursed_at', models.DateTimeField(null=True)),
                ('filed_at', models.DateTimeField(null=True)),
                ('repaid_at', models.DateTimeField(null=True)),
                ('unpaid_since', models.DateField(null=True)),
                ('reported_on', models.DateField(null=True)),
                ('uncovered', models.CharField(blank=True, default='', max_length=300)),
                ('breaches', models.JSONField(blank=True, default=list)),
            ],
            options={
                'indexes': [models.Index(fields=['agreement', 'outstanding'], name='mf_loan_use'), models.Index(fields=['firm', 'start'], name='mf_loan_line'), models.Index(condition=models.Q(('unpaid_since__isnull', False)), fields=['unpaid_since'], name='mf_loan_unpaid')],
                'constraints': [models.UniqueConstraint(fields=('agreement', 'contract_no'), name='mf_contract'), models.CheckConstraint(condition=models.Q(models.Q(('disbursed__isnull', True), ('outstanding', 0)), models.Q(('disbursed__gt', 0), ('outstanding__gte', 0), ('outstanding__lte', models.F('disbursed'))), _connector='OR'), name='mf_loan_outstanding'), models.CheckConstraint(condition=models.Q(('approved__gt', 0), ('end__gt', models.F('start'))), name='mf_loan_terms')],
            },
        ),
    ]
