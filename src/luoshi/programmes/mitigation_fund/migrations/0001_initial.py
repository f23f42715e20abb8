# The fund's agreements, claims and votes.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('funds', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('book', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='funds.book')),
                ('bank', models.CharField(max_length=12, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('multiple', models.PositiveSmallIntegerField()),
                ('signed_on', models.DateField()),
                ('ended_on', models.DateField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('multiple__gte', 100)), name='mf_multiple')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True)),
                ('contract_no', models.CharField(max_length=60)),
                ('firm', models.CharField(max_length=100)),
                ('principal', models.BigIntegerField()),
                ('recovered', models.BigIntegerField()),
                ('approved', models.BigIntegerField()),
                ('disbursed', models.BigIntegerField()),
                ('loss', models.BigIntegerField()),
                ('half', models.BigIntegerField()),
                ('compensation', models.BigIntegerField(null=True)),
                ('recovered_all', models.BigIntegerField(default=0)),
                ('recovered_after', models.BigIntegerField(default=0)),
                ('state', models.CharField(choices=[('filed', '待表决'), ('passed', '已通过'), ('rejected', '不予补偿'), ('instructed', '已发指令'), ('paid', '已补偿'), ('closed', '办结')], default='filed', max_length=12)),
                ('receipt', models.JSONField(default=dict)),
                ('filed_at', models.DateTimeField()),
                ('passed_at', models.DateTimeField(null=True)),
                ('closing', models.CharField(blank=True, default='', max_length=200)),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='mitigation_fund.agreement')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['agreement', 'state', 'passed_at', 'number'], name='mf_claim_turn'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('agreement', 'contract_no'), name='mf_claim_loan'),
                    models.CheckConstraint(condition=models.Q(('loss__gt', 0), ('loss__lte', models.F('principal')), ('principal__gt', 0), ('recovered__gte', 0)), name='mf_claim_amounts'),
                    models.CheckConstraint(condition=models.Q(('half__lte', models.F('loss'))), name='mf_claim_half'),
                    models.CheckConstraint(condition=models.Q(('compensation__isnull', True), models.Q(('compensation__gte', 0), ('compensation__lte', models.F('half'))), _connector='OR'), name='mf_claim_compensation'),
                    models.CheckConstraint(condition=models.Q(('state__in', ['filed', 'rejected']), ('passed_at__isnull', False), _connector='OR'), name='mf_claim_passed'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ClaimVote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organ', models.CharField(choices=[('local-finance-center', '市地方金融服务中心'), ('finance', '市财政局'), ('tax', '市税务局')], max_length=40)),
                ('passes', models.BooleanField()),
                ('reason', models.CharField(blank=True, default='', max_length=300)),
                ('voter', models.CharField(max_length=100)),
                ('at', models.DateTimeField()),
                ('claim', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='votes', to='mitigation_fund.claim')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('claim', 'organ'), name='mf_vote_once'),
                    models.CheckConstraint(condition=models.Q(('passes', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='mf_vote_reason'),
                ],
            },
        ),
    ]
