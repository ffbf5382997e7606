"""The pages of the project."""

from accounts import views
from django.urls import path

urlpatterns = [
    path("", views.home),
    path("sign-in", views.sign_in),
    path("step", views.step),
    path("another-code", views.another_code),
    path("invitation", views.invitation),
    path("sign-out", views.sign_out),
]
