# Supervised sales, their lines, vouchers and freezes.

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('funds', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('agreement_no', models.CharField(max_length=40, unique=True)),
                ('contract_no', models.CharField(max_length=60)),
                ('unit_code', models.CharField(max_length=28)),
                ('buyer', models.CharField(max_length=100)),
                ('seller', models.CharField(max_length=100)),
                ('price', models.BigIntegerField()),
                ('supervised', models.BigIntegerField()),
                ('plan', models.CharField(choices=[('SINGLE', '一次放款'), ('STAGED', '分次放款')], default='SINGLE', max_length=6)),
                ('state', models.CharField(choices=[('funding', '存入'), ('filed', '已备案'), ('registered', '已过户'), ('releasing', '放款中'), ('terminating', '解除中'), ('closed', '办结'), ('cancelled', '已取消')], default='funding', max_length=12)),
                ('live', models.BooleanField(default=True)),
                ('signed_on', models.DateField()),
                ('filed_on', models.DateField(null=True)),
                ('registered_on', models.DateField(null=True)),
                ('deposits', models.BigIntegerField(default=0)),
                ('reversed', models.BigIntegerField(default=0)),
                ('deducted', models.BigIntegerField(default=0)),
                ('released', models.BigIntegerField(default=0)),
                ('refunded', models.BigIntegerField(default=0)),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.book')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['book', 'state', 'agreement_no'], name='he_sale_state'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('live', True)), fields=('contract_no',), name='he_contract_live'),
                    models.UniqueConstraint(condition=models.Q(('live', True)), fields=('unit_code',), name='he_home_live'),
                    models.CheckConstraint(condition=models.Q(('supervised__gt', 0), ('supervised__lte', models.F('price'))), name='he_supervised'),
                    models.CheckConstraint(condition=models.Q(('deposits__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('supervised'), '+', models.F('reversed')), '+', models.F('deducted')))), name='he_deposits'),
                    models.CheckConstraint(condition=models.Q(('deducted__gte', 0), ('refunded__gte', 0), ('released__gte', 0), ('reversed__gte', 0)), name='he_flows'),
                    models.CheckConstraint(condition=models.Q(('registered_on__isnull', True), ('registered_on__gte', models.F('filed_on')), _connector='OR'), name='he_registered'),
                    models.CheckConstraint(condition=models.Q(models.Q(('live', True), ('state__in', ['funding', 'filed', 'registered', 'releasing', 'terminating'])), models.Q(('live', False), ('state__in', ['closed', 'cancelled'])), _connector='OR'), name='he_live'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('authority', models.CharField(max_length=100)),
                ('document_no', models.CharField(max_length=80)),
                ('amount', models.BigIntegerField()),
                ('used', models.BigIntegerField(default=0)),
                ('from_on', models.DateField()),
                ('to_on', models.DateField(null=True)),
                ('proof_shown_at', models.DateTimeField(null=True)),
                ('lifted_by', models.CharField(blank=True, default='', max_length=80)),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='home_escrow.sale')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('used__gte', 0), ('used__lte', models.F('amount'))), name='he_hold_amount'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SaleLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('n', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(max_length=20)),
                ('lender', models.CharField(blank=True, default='', max_length=100)),
                ('amount', models.BigIntegerField()),
                ('deposited', models.BigIntegerField(default=0)),
                ('before_filing', models.BooleanField()),
                ('sale', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='home_escrow.sale')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('sale', 'n'), name='he_line_n'),
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('deposited__gte', 0), ('deposited__lte', models.F('amount'))), name='he_line_amount'),
                ],
                'ordering': ('sale', 'n'),
            },
        ),
        migrations.CreateModel(
            name='Voucher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, unique=True)),
                ('payer', models.CharField(max_length=100)),
                ('amount', models.BigIntegerField()),
                ('bank_txn_no', models.CharField(max_length=60)),
                ('at', models.DateTimeField()),
                ('sale', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='vouchers', to='home_escrow.sale')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('sale', 'bank_txn_no'), name='he_voucher_once'),
                    models.CheckConstraint(condition=models.Q(('amount__gt', 0), models.Q(('bank_txn_no', ''), _negated=True)), name='he_voucher_deposit'),
                ],
            },
        ),
    ]
