from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gis_data', '0002_layer_versions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='component',
            name='cell_code',
            field=models.CharField(max_length=15, verbose_name='unit grid cell'),
        ),
        migrations.AlterField(
            model_name='component',
            name='code',
            field=models.CharField(max_length=18, verbose_name='component code'),
        ),
        migrations.AddIndex(
            model_name='component',
            index=models.Index(fields=['cell_code'], name='component_cell'),
        ),
        migrations.AddConstraint(
            model_name='component',
            constraint=models.UniqueConstraint(fields=('code',), name='component_code_once'),
        ),
    ]
