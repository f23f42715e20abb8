# Parties, accounts, banks, agencies, sales outside supervision, checks; freezes of whole accounts.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('home_escrow', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bank',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('code', models.CharField(max_length=2, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('number', models.CharField(max_length=12)),
                ('organ', models.CharField(blank=True, default='', max_length=80)),
                ('stage', models.CharField(choices=[('candidate', '比选中'), ('agreed', '已签合作协议'), ('active', '已启用'), ('ended', '已退出')], default='candidate', max_length=10)),
                ('agreement_no', models.CharField(blank=True, default='', max_length=80)),
                ('from_on', models.DateField(blank=True, null=True)),
                ('to_on', models.DateField(blank=True, null=True)),
                ('reputation', models.CharField(blank=True, default='', max_length=200)),
                ('service', models.CharField(blank=True, default='', max_length=200)),
                ('loan_rate', models.CharField(blank=True, default='', max_length=60)),
                ('safety', models.CharField(blank=True, default='', max_length=200)),
                ('network', models.CharField(blank=True, default='', max_length=200)),
                ('link', models.CharField(choices=[('file', '报文文件'), ('api', '实时接口')], default='file', max_length=5)),
                ('phone', models.CharField(blank=True, default='', max_length=40)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('ended_on', models.DateField(editable=False, null=True)),
                ('void', models.BooleanField(default=False, editable=False)),
                ('credit_code', models.CharField(max_length=18, unique=True)),
                ('name', models.CharField(db_index=True, max_length=100)),
                ('kind', models.CharField(choices=[('agency', '中介机构'), ('guarantee', '房屋置业担保机构')], default='agency', max_length=10)),
                ('filing_no', models.CharField(blank=True, default='', max_length=60)),
                ('online_sign', models.BooleanField(default=True)),
                ('violations', models.PositiveIntegerField(default=0)),
                ('credit_note', models.CharField(blank=True, default='', max_length=300)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='EscrowAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tail', models.CharField(max_length=4)),
                ('status', models.CharField(choices=[('opened', '待留印鉴'), ('active', '已启用'), ('closed', '已停用')], default='opened', max_length=6)),
                ('seal_card_on', models.DateField(null=True)),
                ('published_on', models.DateField(null=True)),
                ('bank', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='home_escrow.bank')),
                ('book', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.book')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('status', 'active'), _negated=True), ('seal_card_on__isnull', False), _connector='OR'), name='he_account_sealed'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Outside',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contract_no', models.CharField(max_length=60)),
                ('unit_code', models.CharField(max_length=28)),
                ('route', models.CharField(choices=[('OPT_OUT', '自行划转'), ('EXCLUDED', '不纳入监管'), ('EXEMPT', '豁免')], max_length=8)),
                ('ground', models.CharField(blank=True, default='', max_length=20)),
                ('buyer', models.CharField(max_length=100)),
                ('seller', models.CharField(max_length=100)),
                ('price', models.BigIntegerField()),
                ('certificate', models.CharField(max_length=40, unique=True)),
                ('filed_on', models.DateField()),
            ],
            options={
                'indexes': [
                    models.Index(fields=['unit_code'], name='he_outside_unit'),
                    models.Index(fields=['filed_on', 'route'], name='he_outside_filed'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('contract_no',), name='he_outside_contract'),
                    models.CheckConstraint(condition=models.Q(('price__gt', 0)), name='he_outside_price'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Party',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('buyer', '买受人'), ('seller', '出卖人')], max_length=6)),
                ('n', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=100)),
                ('suite', models.CharField(max_length=20)),
                ('sealed', models.CharField(max_length=400)),
                ('blind', models.CharField(db_index=True, max_length=64)),
                ('tail', models.CharField(max_length=4)),
                ('share', models.PositiveIntegerField(default=1)),
                ('sale', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parties', to='home_escrow.sale')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('sale', 'side', 'n'), name='he_party_n'),
                    models.UniqueConstraint(fields=('sale', 'blind'), name='he_party_once'),
                    models.CheckConstraint(condition=models.Q(('share__gt', 0)), name='he_party_share'),
                ],
                'ordering': ('sale', 'side', 'n'),
            },
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('release', '放款'), ('refund', '退款')], max_length=8)),
                ('owner', models.CharField(max_length=100)),
                ('suite', models.CharField(max_length=20)),
                ('sealed', models.CharField(max_length=400)),
                ('tail', models.CharField(max_length=4)),
                ('blind', models.CharField(db_index=True, max_length=64)),
                ('bank', models.CharField(max_length=100)),
                ('basis', models.CharField(choices=[('own', '本人账户'), ('notarial', '公证书指定'), ('law_firm', '律师见证书指定')], default='own', max_length=10)),
                ('paper_no', models.CharField(blank=True, default='', max_length=80)),
                ('paper_tail', models.CharField(blank=True, default='', max_length=4)),
                ('amount', models.BigIntegerField(null=True)),
                ('seller', models.CharField(blank=True, default='', max_length=100)),
                ('live', models.BooleanField(default=True)),
                ('approved', models.BooleanField(default=False)),
                ('place', models.CharField(max_length=40, unique=True)),
                ('at', models.DateTimeField()),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payouts', to='home_escrow.sale')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__isnull', True), ('amount__gt', 0), _connector='OR'), name='he_payout_amount'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StatusCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.CharField(max_length=60)),
                ('organ', models.CharField(max_length=80)),
                ('by', models.CharField(max_length=100)),
                ('at', models.DateTimeField()),
                ('answer', models.JSONField()),
                ('sale', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='home_escrow.sale')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['at'], name='he_check_at'),
                ],
            },
        ),
        migrations.AddField(
            model_name='hold',
            name='book',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.book'),
        ),
        migrations.AddField(
            model_name='hold',
            name='party',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
        migrations.AddField(
            model_name='hold',
            name='proof_shown_to',
            field=models.CharField(blank=True, default='', max_length=100),
        ),
        migrations.AddField(
            model_name='sale',
            name='address',
            field=models.CharField(blank=True, default='', max_length=200),
        ),
        migrations.AddField(
            model_name='sale',
            name='area',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='sale',
            name='code',
            field=models.CharField(blank=True, default='', max_length=12),
        ),
        migrations.AddField(
            model_name='sale',
            name='contract_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='sale',
            name='title_no',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
        migrations.AddField(
            model_name='voucher',
            name='code',
            field=models.CharField(blank=True, default='', max_length=12),
        ),
        migrations.AlterField(
            model_name='hold',
            name='sale',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='home_escrow.sale'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('book__isnull', False), ('sale__isnull', True)), models.Q(('book__isnull', True), ('sale__isnull', False)), _connector='OR'), name='he_hold_target'),
        ),
    ]
