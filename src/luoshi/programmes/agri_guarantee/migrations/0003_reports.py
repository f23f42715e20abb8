# Due-diligence reports and review results of guarantees.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agri_guarantee', '0002_registers'),
        ('cases', '0002_lists'),
    ]

    operations = [
        migrations.CreateModel(
            name='DueReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('report', '尽职调查报告'), ('review', '评审结果')], max_length=6)),
                ('side', models.CharField(choices=[('guarantor', '省农担公司'), ('bank', '合作银行')], max_length=9)),
                ('passed', models.BooleanField()),
                ('amount', models.BigIntegerField()),
                ('opinion', models.CharField(max_length=4000)),
                ('conditions', models.CharField(blank=True, default='', max_length=2000)),
                ('on', models.DateField()),
                ('by', models.CharField(max_length=100)),
                ('at', models.DateTimeField()),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'kind', 'side'), name='ag_due_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0), models.Q(('amount__gte', 0), ('passed', False)), _connector='OR'), name='ag_due_amount')],
            },
        ),
    ]
