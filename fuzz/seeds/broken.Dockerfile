RUN early
FORM alpine
FROM
FROM a AS 1b
FROM scratch AS scratch extra
RUN
ENV A=${B:-${C:+"d} E='
COPY x
ADD --chown
EXPOSE
CMD ["a", 1]
ENTRYPOINT ["a"
SHELL bash
HEALTHCHECK NEVER
ONBUILD ONBUILD FROM x
ONBUILD
LABEL =x y
RUN --mount=type=bind,from=a,source=b --bogus cat <<NEVER
LABEL a="b
USER $UNDEFINED
RUN echo $(( 1 << 2 )) ${a[@]:1:2} <(cat) `date` \
