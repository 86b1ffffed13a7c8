# escape=`
FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command"]
WORKDIR C:\app\
COPY a.exe `
  C:\bin\
RUN Write-Host "a" `
  | Out-Null
# hadolint shell=bash
RUN dir C:\
ENTRYPOINT C:\bin\a.exe
