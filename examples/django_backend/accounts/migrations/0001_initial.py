"""The tables, as `makemigrations` wrote them."""
# ruff: noqa: D101, RUF012

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("version", models.BigIntegerField()),
                ("body", models.TextField()),
                ("name", models.CharField(max_length=64, null=True, unique=True)),
                ("sso", models.CharField(max_length=64, null=True, unique=True)),
                ("structure", models.CharField(max_length=64)),
                ("listed_by", models.CharField(max_length=255)),
                ("seen_at", models.BigIntegerField(null=True)),
                ("invited_at", models.BigIntegerField(null=True)),
                (
                    "user",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entity", models.CharField(max_length=64)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.account")),
            ],
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=64)),
                ("version", models.BigIntegerField()),
                ("body", models.TextField()),
                ("due", models.BigIntegerField(null=True)),
                ("only", models.CharField(max_length=20, null=True, unique=True)),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "due"], name="accounts_by_due")],
                "constraints": [models.UniqueConstraint(fields=("kind", "key"), name="accounts_one_record")],
            },
        ),
        migrations.CreateModel(
            name="Listed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("list", models.CharField(max_length=64)),
                ("place", models.CharField(max_length=64)),
                ("record", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.record")),
            ],
        ),
        migrations.CreateModel(
            name="Trail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("at", models.BigIntegerField()),
                ("subject", models.CharField(max_length=64, null=True)),
                ("actor", models.CharField(max_length=64, null=True)),
                ("kind", models.CharField(max_length=64)),
                ("body", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at", "key"], name="accounts_by_at"),
                    models.Index(fields=["subject", "at", "key"], name="accounts_by_subject"),
                    models.Index(fields=["actor", "at", "key"], name="accounts_by_actor"),
                    models.Index(fields=["kind", "at", "key"], name="accounts_by_kind"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["structure", "listed_by", "key"], name="accounts_by_listed_by"),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["structure", "seen_at", "key"], name="accounts_by_seen_at"),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["invited_at", "key"], name="accounts_by_invited_at"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("entity", "account"), name="accounts_one_membership"),
        ),
        migrations.AddConstraint(
            model_name="listed",
            constraint=models.UniqueConstraint(fields=("list", "place"), name="accounts_one_place"),
        ),
    ]
