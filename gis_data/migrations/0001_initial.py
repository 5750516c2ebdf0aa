import django.contrib.gis.db.models.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGistExtension, CreateExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreateExtension("postgis"),
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.CreateModel(
            name="LayerVersion",
            fields=[
                (
                    "layer",
                    models.CharField(max_length=12, primary_key=True, serialize=False, verbose_name="layer"),
                ),
                ("version", models.BigIntegerField(default=1, verbose_name="version")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
            ],
            options={
                "verbose_name": "version of a layer",
                "verbose_name_plural": "versions of layers",
            },
        ),
        migrations.CreateModel(
            name="Area",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("district", "district"), ("street", "street"), ("community", "community")],
                        max_length=9,
                        verbose_name="level",
                    ),
                ),
                ("code", models.CharField(max_length=12, verbose_name="code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=100, verbose_name="English name")),
                (
                    "border",
                    django.contrib.gis.db.models.fields.MultiPolygonField(
                        spatial_index=False, srid=4326, verbose_name="border"
                    ),
                ),
                ("area_m2", models.FloatField(verbose_name="area in m²")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("synthetic", models.BooleanField(default=False, verbose_name="generated, not surveyed")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="gis_data.area",
                    ),
                ),
            ],
            options={
                "verbose_name": "area",
                "verbose_name_plural": "areas",
                "ordering": ("code",),
            },
        ),
        migrations.CreateModel(
            name="BaseFeature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("district_code", models.CharField(max_length=6, verbose_name="district code")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("street", "street"),
                            ("water", "water"),
                            ("green", "green space"),
                            ("building", "building"),
                            ("place", "place name"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("rank", models.PositiveSmallIntegerField(default=3, verbose_name="rank")),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=100, verbose_name="English name")),
                (
                    "shape",
                    django.contrib.gis.db.models.fields.GeometryField(
                        spatial_index=False, srid=4326, verbose_name="shape"
                    ),
                ),
                ("synthetic", models.BooleanField(default=False, verbose_name="generated, not surveyed")),
            ],
            options={
                "verbose_name": "base map feature",
                "verbose_name_plural": "base map features",
                "indexes": [
                    django.contrib.postgres.indexes.GistIndex(fields=["shape"], name="base_feature_shape")
                ],
            },
        ),
        migrations.CreateModel(
            name="ClassEdition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="edition")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("current", models.BooleanField(default=False, verbose_name="in use for new reports")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                (
                    "class_digits",
                    models.PositiveSmallIntegerField(default=4, verbose_name="digits of a class code"),
                ),
            ],
            options={
                "verbose_name": "edition of classes",
                "verbose_name_plural": "editions of classes",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("current", True)), fields=("current",), name="one_current_edition"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Generation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("district_code", models.CharField(max_length=6, verbose_name="district code")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "draft"), ("active", "active"), ("retired", "retired")],
                        default="draft",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("source", models.TextField(blank=True, verbose_name="source and licence")),
                ("synthetic", models.BooleanField(default=False, verbose_name="generated, not surveyed")),
                ("loaded_at", models.DateTimeField(auto_now_add=True, verbose_name="loaded at")),
                ("activated_at", models.DateTimeField(blank=True, null=True, verbose_name="activated at")),
            ],
            options={
                "verbose_name": "generation of boundaries",
                "verbose_name_plural": "generations of boundaries",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")),
                        fields=("district_code",),
                        name="one_active_generation_a_district",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cell",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=15, verbose_name="code")),
                (
                    "border",
                    django.contrib.gis.db.models.fields.PolygonField(
                        spatial_index=False, srid=4326, verbose_name="border"
                    ),
                ),
                ("area_m2", models.FloatField(verbose_name="area in m²")),
                ("active", models.BooleanField(default=False, verbose_name="in force")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="initial date")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="termination date")),
                ("land_use_code", models.CharField(blank=True, max_length=10, verbose_name="land-use code")),
                (
                    "management_grade",
                    models.CharField(blank=True, max_length=10, verbose_name="management grade"),
                ),
                (
                    "responsible_subject",
                    models.CharField(blank=True, max_length=100, verbose_name="responsible subject"),
                ),
                ("synthetic", models.BooleanField(default=False, verbose_name="generated, not surveyed")),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cells", to="gis_data.area"
                    ),
                ),
                (
                    "generation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cells",
                        to="gis_data.generation",
                    ),
                ),
            ],
            options={
                "verbose_name": "unit grid cell",
                "verbose_name_plural": "unit grid cells",
                "ordering": ("code",),
            },
        ),
        migrations.AddField(
            model_name="area",
            name="generation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="areas", to="gis_data.generation"
            ),
        ),
        migrations.CreateModel(
            name="ProblemClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("component", "component"), ("event", "event")],
                        max_length=9,
                        verbose_name="kind",
                    ),
                ),
                ("code", models.CharField(max_length=6, verbose_name="class code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("name_en", models.CharField(max_length=150, verbose_name="English name")),
                ("major_code", models.CharField(max_length=3, verbose_name="major class code")),
                ("major", models.CharField(max_length=100, verbose_name="major class")),
                ("major_en", models.CharField(max_length=150, verbose_name="major class in English")),
                ("pinyin", models.CharField(blank=True, max_length=200, verbose_name="pinyin")),
                ("initials", models.CharField(blank=True, max_length=40, verbose_name="initials")),
                ("geometry_kind", models.CharField(blank=True, max_length=5, verbose_name="drawn as")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("active", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="classes",
                        to="gis_data.classedition",
                    ),
                ),
            ],
            options={
                "verbose_name": "class",
                "verbose_name_plural": "classes",
                "ordering": ("kind", "code"),
            },
        ),
        migrations.CreateModel(
            name="Component",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=18, unique=True, verbose_name="component code")),
                ("district_code", models.CharField(max_length=6, verbose_name="district code")),
                (
                    "place",
                    django.contrib.gis.db.models.fields.PointField(
                        spatial_index=False, srid=4326, verbose_name="place"
                    ),
                ),
                (
                    "outline",
                    django.contrib.gis.db.models.fields.GeometryField(
                        blank=True, null=True, spatial_index=False, srid=4326, verbose_name="outline"
                    ),
                ),
                ("cell_code", models.CharField(db_index=True, max_length=15, verbose_name="unit grid cell")),
                (
                    "authority_code",
                    models.CharField(blank=True, max_length=40, verbose_name="authority in charge"),
                ),
                ("owner_code", models.CharField(blank=True, max_length=40, verbose_name="owner")),
                ("maintainer_code", models.CharField(blank=True, max_length=40, verbose_name="maintainer")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("intact", "intact"),
                            ("damaged", "damaged"),
                            ("lost", "lost"),
                            ("abandoned", "abandoned"),
                        ],
                        default="intact",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("initial_on", models.DateField(blank=True, null=True, verbose_name="initial date")),
                ("changed_on", models.DateField(blank=True, null=True, verbose_name="date of change")),
                ("retired_on", models.DateField(blank=True, null=True, verbose_name="retired on")),
                ("data_source", models.CharField(blank=True, max_length=60, verbose_name="data source")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("synthetic", models.BooleanField(default=False, verbose_name="generated, not surveyed")),
                (
                    "problem_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="components",
                        to="gis_data.problemclass",
                    ),
                ),
            ],
            options={
                "verbose_name": "component",
                "verbose_name_plural": "components",
            },
        ),
        migrations.CreateModel(
            name="ResponsibilityGrid",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                (
                    "cells",
                    models.ManyToManyField(
                        related_name="grids", to="gis_data.cell", verbose_name="unit grid cells"
                    ),
                ),
            ],
            options={
                "verbose_name": "responsibility grid",
                "verbose_name_plural": "responsibility grids",
                "ordering": ("code",),
            },
        ),
        migrations.AddIndex(
            model_name="cell",
            index=models.Index(fields=["code"], name="cell_by_code"),
        ),
        migrations.AddIndex(
            model_name="cell",
            index=django.contrib.postgres.indexes.GistIndex(
                condition=models.Q(("active", True)), fields=["border"], name="cell_border_in_force"
            ),
        ),
        migrations.AddConstraint(
            model_name="cell",
            constraint=models.UniqueConstraint(
                fields=("generation", "code"), name="cell_code_once_a_generation"
            ),
        ),
        migrations.AddIndex(
            model_name="area",
            index=models.Index(fields=["code"], name="area_by_code"),
        ),
        migrations.AddIndex(
            model_name="area",
            index=django.contrib.postgres.indexes.GistIndex(fields=["border"], name="area_border"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(
                fields=("generation", "code"), name="area_code_once_a_generation"
            ),
        ),
        migrations.AddConstraint(
            model_name="problemclass",
            constraint=models.UniqueConstraint(
                fields=("edition", "kind", "code"), name="class_once_an_edition"
            ),
        ),
        migrations.AddIndex(
            model_name="component",
            index=django.contrib.postgres.indexes.GistIndex(fields=["place"], name="component_place"),
        ),
        migrations.AddIndex(
            model_name="component",
            index=django.contrib.postgres.indexes.GistIndex(
                fields=["problem_class", "place"], name="component_class_place"
            ),
        ),
    ]
